"""What the shop sells."""

from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class Item:
    """A product."""

    id: str
    name: str
    category: str
    description: str
    kind: str
    price: Decimal
    stock: int


# kind | category | name | price | stock | description
_TEXT = """
standard|jackets|Fjell rain jacket|129.00|42|Three-layer shell, taped seams, packs into its own pocket.
standard|jackets|Dune windbreaker|79.00|31|Light wind jacket with a two-way zip.
standard|jackets|Tundra down jacket|219.00|14|Responsible 700-fill down, water-repellent shell.
standard|jackets|Loch fleece|64.50|58|Recycled fleece with thumb loops.
standard|jackets|Harbour softshell|109.00|0|Stretch softshell for cool, dry days.
standard|trousers|Ridge hiking trousers|84.00|37|Quick-drying, zip-off legs.
standard|trousers|Moss rain trousers|59.00|25|Full side zips, reinforced knees.
standard|trousers|Pine thermal leggings|39.95|61|Merino blend base layer.
standard|shirts|Cedar merino T-shirt|54.00|70|150 g merino, odour resistant.
standard|shirts|Birch flannel shirt|49.95|33|Brushed organic cotton.
standard|shirts|Trail long sleeve|44.00|48|Breathable, UPF 50.
standard|boots|Kestrel hiking boots|179.00|22|Leather, waterproof membrane, resoleable.
standard|boots|Heron walking shoes|119.00|29|Low-cut, cushioned, waterproof.
standard|boots|Otter rubber boots|69.00|18|Natural rubber with a cotton lining.
standard|boots|Marten approach shoes|134.00|16|Sticky sole for rocky paths.
standard|boots|Wool hiking socks, pair|17.95|140|Cushioned heel and toe.
standard|bags|Tern daypack 20 l|74.00|36|Rain cover included.
standard|bags|Crane trekking pack 55 l|189.00|12|Adjustable back, removable lid.
standard|bags|Plover dry bag 10 l|19.95|88|Roll-top, welded seams.
standard|bags|Canvas weekend bag|94.00|15|Waxed canvas and leather handles.
standard|bags|Packing cubes, set of 3|27.50|64|Ripstop, double zips.
standard|tents|Lynx tent, 2 persons|289.00|9|Free-standing, 1.9 kg, two doors.
standard|tents|Bison family tent, 5 persons|549.00|4|Two bedrooms and a porch.
standard|tents|Tarp 3 x 3 m|69.95|21|Eight guy points, silicone coated.
standard|tents|Titanium tent pegs, set of 8|24.00|77|13 g each.
standard|sleeping|Vale sleeping bag, 0 °C|149.00|19|Synthetic fill, left zip.
standard|sleeping|Glacier sleeping bag, -10 °C|279.00|7|Down fill with a hood.
standard|sleeping|Insulated sleeping mat|99.00|26|R value 4.2, 480 g.
standard|sleeping|Inflatable pillow|22.95|92|Soft cover, washable.
standard|cooking|Ember gas stove|45.00|34|3,000 W, folds flat.
standard|cooking|Nesting cook set|59.95|27|Two pots, a pan and a lid.
standard|cooking|Vacuum flask 1 l|34.95|51|Hot for 24 hours.
standard|cooking|Titanium spork|9.95|200|Long handle.
standard|cooking|Water filter bottle|42.00|38|Filters 1,000 litres.
standard|lights|Firefly head torch|39.95|66|400 lumens, USB-C.
standard|lights|Beacon camping lantern|49.00|30|Dimmable, 60 hours.
standard|lights|Arc desk lamp|89.00|17|Oak base, warm dimmable light.
standard|lights|Halo floor lamp|159.00|8|Linen shade, foot switch.
standard|lights|Lumen bedside lamp|54.95|23|Touch dimmer.
standard|lights|Solar garden lights, set of 4|36.00|44|Switch on at dusk.
standard|home|Stoneware mug|14.95|180|350 ml, dishwasher safe.
standard|home|Stoneware mugs, set of 4|52.00|46|Four glazes.
standard|home|Enamel mug|11.95|120|Steel rim, 400 ml.
standard|home|Wool blanket|99.00|28|Woven from recycled wool, 130 x 180 cm.
standard|home|Linen tablecloth|64.00|20|Stonewashed, 140 x 250 cm.
standard|home|Oak serving board|38.50|41|Oiled oak, 45 cm.
standard|home|Pour-over coffee set|46.00|32|Dripper, carafe, 40 filters.
standard|home|Cast-iron pan 26 cm|58.00|24|Pre-seasoned.
standard|home|Beeswax candles, set of 6|21.00|75|Burn for nine hours each.
standard|home|Cotton bath towel|24.95|90|600 g/m², 70 x 140 cm.
standard|home|Jute doormat|29.95|36|45 x 75 cm.
standard|garden|Folding garden chair|79.00|13|Eucalyptus, FSC certified.
standard|garden|Bird feeder|26.95|47|Cedar, easy to clean.
standard|garden|Hammock with stand|169.00|6|Holds 150 kg.
gift_card|gift cards|Gift card 25 EUR|25.00|1000|By post in an envelope; valid for three years.
gift_card|gift cards|Gift card 50 EUR|50.00|1000|By post in an envelope; valid for three years.
gift_card|gift cards|Gift card 100 EUR|100.00|1000|By post in an envelope; valid for three years.
personalised|personalised|Engraved pocket knife|49.00|60|With up to 20 letters on the handle.
personalised|personalised|Mug with your name|19.95|150|Fired in our own kiln.
personalised|personalised|Embroidered towel|34.95|80|Up to three initials.
personalised|personalised|Engraved oak board|54.50|35|With a line of your choice.
final_sale|sale|Last season rain jacket|59.00|11|Final sale: no returns.
final_sale|sale|Display tent, 3 persons|149.00|2|Shown in the shop, complete; final sale: no returns.
final_sale|sale|Outlet hiking boots|79.00|5|Single sizes; final sale: no returns.
final_sale|sale|Remnant wool blanket|45.00|9|Small weaving faults; final sale: no returns.
"""


def make_catalog() -> list[Item]:
    """All products, with ids from p1001 on."""
    items: list[Item] = []
    for number, row in enumerate(_TEXT.strip().splitlines(), start=1001):
        kind, category, name, price, stock, description = row.split("|")
        items.append(Item(f"p{number}", name, category, description, kind, Decimal(price), int(stock)))
    return items
